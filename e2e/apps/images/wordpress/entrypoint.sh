#!/bin/sh
# Fills an empty document root with WordPress, then runs the command.
set -eu
if [ "$1" = apachectl ] && [ ! -e index.php ]; then
  cp -a /usr/src/wordpress/. .
  salt=$(head -c 48 /dev/urandom | base64 -w0)
  sed -i "s|put your unique phrase here|$salt|" wp-config.php
  chown -R www-data:www-data .
fi
exec "$@"
