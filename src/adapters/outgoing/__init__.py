"""What every call to an outside service passes: a budget, a breaker, a timeout, bounded retries. (OPS-12)"""
