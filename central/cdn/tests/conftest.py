from central.cdn.tests.world import clock, cloudflare, shops  # noqa: F401
