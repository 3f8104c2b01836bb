<?php
// The settings come from the environment, or from the files that NAME_FILE names.
function getenv_docker($name, $default) {
	if ($file = getenv($name . '_FILE')) {
		return rtrim(file_get_contents($file), "\r\n");
	}
	return ($value = getenv($name)) === false ? $default : $value;
}
define('DB_NAME', getenv_docker('WORDPRESS_DB_NAME', 'wordpress'));
define('DB_USER', getenv_docker('WORDPRESS_DB_USER', 'example username'));
define('DB_PASSWORD', getenv_docker('WORDPRESS_DB_PASSWORD', 'example password'));
define('DB_HOST', getenv_docker('WORDPRESS_DB_HOST', 'mysql'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'] as $key) {
	define($key, getenv_docker('WORDPRESS_' . $key, $key . 'put your unique phrase here'));
}
define('WP_HTTP_BLOCK_EXTERNAL', true); // nothing outside is reached
define('WP_AUTO_UPDATE_CORE', false);
define('DISABLE_WP_CRON', true);
$table_prefix = getenv_docker('WORDPRESS_TABLE_PREFIX', 'wp_');
if (!defined('ABSPATH')) {
	define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
