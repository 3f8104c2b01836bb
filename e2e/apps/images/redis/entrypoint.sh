#!/bin/sh
# The official image is compiled without the protected mode.
set -eu
case ${1:-} in -* | *.conf) set -- redis-server "$@" ;; esac
if [ "$1" = redis-server ]; then
  set -- "$@" --protected-mode no
  if [ "$(id -u)" = 0 ]; then
    chown redis:redis .
    set -- setpriv --reuid redis --regid redis --init-groups "$@"
  fi
fi
exec "$@"
