package render

import "strings"

// preStartPaths are the paths below pre_start: a hook is a container of its own
// and has the attributes of one.
func preStartPaths() []string {
	return strings.Fields(`
		[].annotations [].annotations.* [].blkio_config [].blkio_config.device_read_bps
		[].blkio_config.device_read_bps.[].path [].blkio_config.device_read_bps.[].rate
		[].blkio_config.device_read_iops [].blkio_config.device_read_iops.[].path
		[].blkio_config.device_read_iops.[].rate [].blkio_config.device_write_bps
		[].blkio_config.device_write_bps.[].path [].blkio_config.device_write_bps.[].rate
		[].blkio_config.device_write_iops [].blkio_config.device_write_iops.[].path
		[].blkio_config.device_write_iops.[].rate [].blkio_config.weight [].blkio_config.weight_device
		[].blkio_config.weight_device.[].path [].blkio_config.weight_device.[].weight [].cap_add [].cap_drop [].cgroup
		[].cgroup_parent [].command [].configs [].configs.[].gid [].configs.[].mode [].configs.[].source
		[].configs.[].target [].configs.[].uid [].cpu_count [].cpu_percent [].cpu_period [].cpu_quota [].cpu_rt_period
		[].cpu_rt_runtime [].cpu_shares [].cpus [].cpuset [].credential_spec [].credential_spec.config
		[].credential_spec.file [].credential_spec.registry [].device_cgroup_rules [].devices
		[].devices.[].permissions [].devices.[].source [].devices.[].target [].dns [].dns_opt [].dns_search
		[].domainname [].entrypoint [].environment [].environment.* [].extra_hosts [].extra_hosts.* [].gpus [].gpus.[].capabilities
		[].gpus.[].count [].gpus.[].device_ids [].gpus.[].driver [].gpus.[].options [].gpus.[].options.* [].group_add
		[].hostname [].image [].init [].ipc [].isolation [].labels [].labels.* [].logging
		[].logging.driver [].logging.options [].logging.options.* [].mac_address [].mem_limit [].mem_reservation
		[].mem_swappiness [].memswap_limit [].models [].models.* [].models.*.endpoint_var [].models.*.model_var
		[].network_mode [].networks [].networks.* [].networks.*.aliases [].networks.*.driver_opts
		[].networks.*.driver_opts.* [].networks.*.gw_priority [].networks.*.interface_name [].networks.*.ipv4_address
		[].networks.*.ipv6_address [].networks.*.link_local_ips [].networks.*.mac_address [].networks.*.priority
		[].networks.*.use_service_name_alias [].oom_kill_disable [].oom_score_adj [].per_replica [].pid [].pids_limit
		[].platform [].privileged [].pull_policy [].pull_refresh_after [].read_only [].runtime [].secrets
		[].secrets.[].gid [].secrets.[].mode [].secrets.[].source [].secrets.[].target [].secrets.[].uid
		[].security_opt [].shm_size [].stop_grace_period [].stop_signal [].storage_opt [].sysctls [].sysctls.*
		[].tmpfs [].ulimits [].ulimits.* [].ulimits.*.hard [].ulimits.*.soft [].umask [].use_api_socket [].user
		[].userns_mode [].uts [].volumes [].volumes.[].bind [].volumes.[].bind.create_host_path
		[].volumes.[].bind.propagation [].volumes.[].bind.recursive [].volumes.[].bind.selinux
		[].volumes.[].consistency [].volumes.[].image [].volumes.[].image.subpath [].volumes.[].read_only
		[].volumes.[].source [].volumes.[].target [].volumes.[].tmpfs [].volumes.[].tmpfs.mode
		[].volumes.[].tmpfs.size [].volumes.[].type [].volumes.[].volume [].volumes.[].volume.labels
		[].volumes.[].volume.labels.* [].volumes.[].volume.nocopy [].volumes.[].volume.subpath [].volumes_from
		[].working_dir
	`)
}
