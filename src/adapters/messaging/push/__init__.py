"""Messages to browsers that have asked for them: RFC 8030, 8188, 8291 and 8292. (NOTI-03)"""
