#!/bin/sh
# Makes the database of POSTGRES_USER, POSTGRES_DB and POSTGRES_PASSWORD (or
# POSTGRES_PASSWORD_FILE) in an empty folder, then runs the command as postgres.
set -eu
if [ "$1" = postgres ]; then
  if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /run/postgresql
    chown postgres:postgres "$PGDATA" /run/postgresql
    exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
  fi
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    user=${POSTGRES_USER:-postgres}
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi
    umask 077
    printf '%s\n' "${POSTGRES_PASSWORD:?is needed to make the database}" > /tmp/password
    initdb --username="$user" --pwfile=/tmp/password --auth-host=scram-sha-256 --auth-local=trust
    rm /tmp/password
    database=${POSTGRES_DB:-$user}
    if [ "$database" != postgres ]; then
      echo "CREATE DATABASE \"$database\"" | postgres --single postgres
    fi
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  fi
  unset POSTGRES_PASSWORD
  set -- "$@" -c listen_addresses='*'
fi
exec "$@"
