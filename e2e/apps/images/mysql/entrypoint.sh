#!/bin/sh
# Makes the database of MYSQL_DATABASE, MYSQL_USER and the passwords in an empty
# folder, then runs the command. Passwords pass through stdin only.
set -eu

# value NAME: what the variable says, or the file that NAME_FILE names.
value() {
  eval "file=\${$1_FILE:-}; plain=\${$1:-}"
  if [ -n "$file" ]; then cat "$file"; else printf %s "$plain"; fi
}
quoted() { printf "'%s'" "$(value "$1" | sed "s/'/''/g")"; }

if [ "$1" = mariadbd ]; then
  data=/var/lib/mysql
  chown mysql:mysql $data
  if [ ! -d $data/mysql ]; then
    if [ -z "$(value MYSQL_ROOT_PASSWORD)" ]; then
      echo "database is uninitialized and MYSQL_ROOT_PASSWORD is not set" >&2
      exit 1
    fi
    mariadb-install-db --user=mysql --datadir=$data --auth-root-authentication-method=normal --skip-test-db >/dev/null
    {
      echo "FLUSH PRIVILEGES;"
      echo "SET PASSWORD FOR 'root'@'localhost' = PASSWORD($(quoted MYSQL_ROOT_PASSWORD));"
      echo "CREATE USER 'root'@'%' IDENTIFIED BY $(quoted MYSQL_ROOT_PASSWORD);"
      echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
      if [ -n "${MYSQL_DATABASE:-}" ]; then echo "CREATE DATABASE \`$MYSQL_DATABASE\`;"; fi
      if [ -n "${MYSQL_USER:-}" ]; then
        echo "CREATE USER '$MYSQL_USER'@'%' IDENTIFIED BY $(quoted MYSQL_PASSWORD);"
        echo "GRANT ALL ON \`${MYSQL_DATABASE:-%}\`.* TO '$MYSQL_USER'@'%';"
      fi
    } | mariadbd --user=mysql --datadir=$data --bootstrap
    echo "the database is made"
  fi
  set -- "$@" --user=mysql --datadir=$data --bind-address=0.0.0.0
fi
exec "$@"
