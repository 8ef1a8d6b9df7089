"""Settings of gunicorn, which reads this file of the folder that it is started in."""

# Only Hardtack is meant to talk to Django, and it does so over this socket: no port is open.
bind = "unix:var/app.sock"
# Every request on the socket was sent by Hardtack, so its X-Forwarded-For is believed.
forwarded_allow_ips = "*"

# Uvicorn's workers serve ordinary views and event streams alike. HUP replaces them.
worker_class = "uvicorn_worker.UvicornWorker"
workers = 2
# A worker that was replaced has this time for its requests, in seconds. See views.STREAM_SECONDS.
graceful_timeout = 30

pidfile = "var/app.pid"
control_socket_disable = True
