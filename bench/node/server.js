// The read of bare.py with Express and pg as their documentation sets them up: node server.js PORT, with the database in
// BARE_DATABASE_HOST, BARE_DATABASE_NAME, BARE_DATABASE_USER. The statement is prepared under a name; BARE_READ holds it.
"use strict";

const express = require("express");
const { Pool, types } = require("pg");

const ACADEMY = "00000000-0000-7000-8000-000000000001";
const INT8 = 20;
const INSTANT = 1184;
// An instant as the product writes it: no more zeros behind the second than there were.
types.setTypeParser(INSTANT, (text) => text.replace(" ", "T").replace(/\+00$/, "Z"));
types.setTypeParser(INT8, Number);

const pool = new Pool({
  host: process.env.BARE_DATABASE_HOST,
  database: process.env.BARE_DATABASE_NAME,
  user: process.env.BARE_DATABASE_USER,
  max: 10,
  options: "-c jit=off -c timezone=UTC",
});
const app = express();
app.disable("x-powered-by");

app.get("/health/ready", (request, response) => response.json({}));

app.get("/api/v1/bookings/:id", async (request, response) => {
  const { rows } = await pool.query({ name: "read", text: process.env.BARE_READ, values: [request.params.id, ACADEMY] });
  if (rows.length === 0) return response.status(404).json({});
  const row = rows[0];
  return response.json({
    lesson: {
      id: row.id, starts_at: row.starts_at, ends_at: row.ends_at, status: row.status, kind: row.kind,
      price: { minor: row.price_minor, currency: row.currency },
      learner: { id: row.learner_id, name: row.learner_name, zone: row.learner_zone },
      qari: { id: row.qari_id, name: row.qari_name, zone: row.qari_zone },
      hold_expires_at: row.hold_expires_at, series_id: row.series_id, series_index: row.series_index,
      payment_id: row.payment_id, moves: row.moves, note: row.note, reason: row.reason, created_at: row.created_at,
    },
    party: "learner", proposal: row.proposal_id, series: [],
  });
});

const server = app.listen(Number(process.argv[2]), "127.0.0.1");
server.keepAliveTimeout = 75_000;
process.on("SIGTERM", () => process.exit(0));
