package render

import "strings"

func networkMutations() []mutation {
	nets := func(body string) string {
		return "services: {other: {image: y, networks: [b]}, s: {image: x, ports: ['80'], networks: {a: " + body + "}}}\nnetworks: {a: {}, b: {}}"
	}
	port := func(body string) string { return "ports: [{target: 80, published: '8080'" + body + "}]" }
	vol := func(body string) string {
		return "services: {other: {image: y}, s: {image: x, volumes: [{type: volume, source: d, target: /d" + body + "}]}}\nvolumes: {d: {}, e: {}}"
	}
	seeded := func(body string) string {
		return strings.Replace(vol(body), "volumes: {d: {}", "volumes: {d: {x-gantry: {seed: true}}", 1)
	}
	config := func(kind, body string) string {
		return "services: {other: {image: y}, s: {image: x, " + kind + ": [{source: c" + body + "}]}}\nconfigs: {c: {content: a}, d: {content: b}}\nsecrets: {c: {environment: TOKEN}, d: {environment: TOKEN2}}"
	}
	const bind = `volumes: [{type: bind, source: /etc/localtime, target: /t`
	const allow = `, x-gantry: {allow: [GTY341]}`
	return []mutation{
		{"services.*.ports", ``, `ports: ["8080:80"]`},
		{"services.*.ports.[].target", port(""), `ports: [{target: 81, published: '8080'}]`},
		{"services.*.ports.[].published", port(""), `ports: [{target: 80, published: '8081'}]`},
		{"services.*.ports.[].protocol", port(""), port(", protocol: udp")},
		{"services.*.ports.[].mode", port(""), port(", mode: host")},
		{"services.*.ports.[].host_ip", port(""), port(", host_ip: 127.0.0.1")},
		{"services.*.ports.[].name", port(""), port(", name: web")},
		{"services.*.ports.[].app_protocol", port(""), port(", app_protocol: http")},
		{"services.*.expose", ``, `expose: ["80"]`},
		{"services.*.links", ``, `links: ["other:db"]`},
		{"services.*.networks", ``, nets("{}")},
		{"services.*.networks.*", ``, nets("{}")},
		{"services.*.networks.*.aliases", nets("{}"), nets("{aliases: [front]}")},
		{"services.*.networks.*.use_service_name_alias", nets("{}"), nets("{use_service_name_alias: false}")},
		{"services.*.networks.*.driver_opts", nets("{}"), nets("{driver_opts: {a: b}}")},
		{"services.*.networks.*.gw_priority", nets("{}"), nets("{gw_priority: 1}")},
		{"services.*.networks.*.interface_name", nets("{}"), nets("{interface_name: eth7}")},
		{"services.*.networks.*.ipv4_address", nets("{}"), nets("{ipv4_address: 10.0.0.7}")},
		{"services.*.networks.*.ipv6_address", nets("{}"), nets("{ipv6_address: '2001:db8::7'}")},
		{"services.*.networks.*.link_local_ips", nets("{}"), nets("{link_local_ips: [169.254.0.7]}")},
		{"services.*.networks.*.mac_address", nets("{}"), nets("{mac_address: '02:42:ac:11:65:43'}")},
		{"services.*.networks.*.priority", nets("{}"), nets("{priority: 1}")},
		{"services.*.external_links", ``, `external_links: [redis]`},
		{"services.*.shm_size", ``, `shm_size: 64m`},
		{"services.*.tmpfs", ``, `tmpfs: [/t]`},
		{"services.*.volumes", ``, vol("")},
		{"services.*.volumes.[].type", ``, `volumes: [{type: tmpfs, target: /t}]`},
		{"services.*.volumes.[].source", vol(""), "services: {other: {image: y}, s: {image: x, volumes: [{type: volume, source: e, target: /d}]}}\nvolumes: {d: {}, e: {}}"},
		{"services.*.volumes.[].target", vol(""), "services: {other: {image: y}, s: {image: x, volumes: [{type: volume, source: d, target: /e}]}}\nvolumes: {d: {}, e: {}}"},
		{"services.*.volumes.[].read_only", vol(""), vol(", read_only: true")},
		{"services.*.volumes.[].volume.subpath", vol(""), vol(", volume: {subpath: sub}")},
		{"services.*.volumes.[].volume.nocopy", seeded(""), seeded(", volume: {nocopy: true}")},
		{"services.*.volumes.[].volume.labels", vol(""), vol(", volume: {labels: {a: b}}")},
		{"services.*.volumes.[].volume.labels.*", vol(", volume: {labels: {a: b}}"), vol(", volume: {labels: {a: c}}")},
		{"services.*.volumes.[].consistency", vol(""), vol(", consistency: cached")},
		{"services.*.volumes.[].bind", ``, bind + `}]` + allow},
		{"services.*.volumes.[].bind.create_host_path", bind + `, bind: {create_host_path: true}}]` + allow, bind + `, bind: {create_host_path: false}}]` + allow},
		{"services.*.volumes.[].bind.propagation", bind + `}]` + allow, bind + `, bind: {propagation: rslave}}]` + allow},
		{"services.*.volumes.[].bind.recursive", bind + `, read_only: true}]` + allow, bind + `, read_only: true, bind: {recursive: readonly}}]` + allow},
		{"services.*.volumes.[].bind.selinux", bind + `}]` + allow, bind + `, bind: {selinux: z}}]` + allow},
		{"services.*.volumes.[].tmpfs.size", `volumes: [{type: tmpfs, target: /t}]`, `volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m}}]`},
		{"services.*.volumes.[].tmpfs.mode", `volumes: [{type: tmpfs, target: /t}]`, `volumes: [{type: tmpfs, target: /t, tmpfs: {mode: 0700}}]`},
		{"services.*.volumes.[].image.subpath", `volumes: [{type: image, source: i, target: /t}]`, `volumes: [{type: image, source: i, target: /t, image: {subpath: sub}}]`},
		{"services.*.volumes_from", vol(""), "services: {other: {image: y, volumes_from: [s]}, s: {image: x, volumes: [{type: volume, source: d, target: /d}]}}\nvolumes: {d: {}, e: {}}"},
		{"services.*.configs", "services: {other: {image: y}, s: {image: x}}\nconfigs: {c: {content: a}}", "services: {other: {image: y}, s: {image: x, configs: [c]}}\nconfigs: {c: {content: a}}"},
		{"services.*.configs.[].source", config("configs", ", target: /t"), "services: {other: {image: y}, s: {image: x, configs: [{source: d, target: /t}]}}\nconfigs: {c: {content: a}, d: {content: b}}\nsecrets: {c: {environment: TOKEN}, d: {environment: TOKEN2}}"},
		{"services.*.configs.[].target", config("configs", ""), config("configs", ", target: /t")},
		{"services.*.configs.[].mode", config("configs", ""), config("configs", ", mode: 0400")},
		{"services.*.configs.[].uid", config("configs", ""), config("configs", ", uid: '1'")},
		{"services.*.configs.[].gid", config("configs", ""), config("configs", ", gid: '1'")},
		{"services.*.secrets", "services: {other: {image: y}, s: {image: x}}\nsecrets: {c: {environment: TOKEN}}", "services: {other: {image: y}, s: {image: x, secrets: [c]}}\nsecrets: {c: {environment: TOKEN}}"},
		{"services.*.secrets.[].source", config("secrets", ", target: /t"), "services: {other: {image: y}, s: {image: x, secrets: [{source: d, target: /t}]}}\nconfigs: {c: {content: a}, d: {content: b}}\nsecrets: {c: {environment: TOKEN}, d: {environment: TOKEN2}}"},
		{"services.*.secrets.[].target", config("secrets", ""), config("secrets", ", target: /t")},
		{"services.*.secrets.[].mode", config("secrets", ""), config("secrets", ", mode: 0400")},
		{"services.*.secrets.[].uid", config("secrets", ""), config("secrets", ", uid: '1'")},
		{"services.*.secrets.[].gid", config("secrets", ""), config("secrets", ", gid: '1'")},
	}
}

func topLevelMutations() []mutation {
	net := func(body string) string {
		return "services: {s: {image: x, networks: [a]}, other: {image: y, networks: [b]}}\nnetworks: {a: {" + body + "}, b: {}}"
	}
	vol := func(body string) string {
		return "services: {s: {image: x, volumes: ['data:/d']}}\nvolumes: {data: {" + body + "}}"
	}
	model := func(body string) string {
		return "services: {s: {image: x, models: [m]}}\nmodels: {m: {x-gantry: {url: u}, model: " + body + "}}"
	}
	file := func(kind, body string) string {
		return "services: {s: {image: x, " + kind + ": [c]}}\n" + kind + ": {c: {" + body + "}}"
	}
	return []mutation{
		{"name", "services: {s: {image: x}}", "name: other\nservices: {s: {image: x}}"},
		{"services.*", "services: {s: {image: x}}", "services: {s: {image: x}, t: {image: x}}"},
		{"jobs.*", "services: {s: {image: x}}", "services: {s: {image: x}}\njobs: {t: {image: x, triggers: {manual: true}}}"},
		{"volumes.*", "services: {s: {image: x}}", vol("")},
		{"volumes.*.name", vol(""), vol("name: other")},
		{"volumes.*.external", vol(""), vol("external: true")},
		{"volumes.*.external.name", vol("external: true"), vol("external: true, name: other")},
		{"volumes.*.labels", vol(""), vol("labels: {a: b}")},
		{"volumes.*.labels.*", vol("labels: {a: b}"), vol("labels: {a: c}")},
		{"volumes.*.driver", vol(""), vol("driver: rexray")},
		{"volumes.*.driver_opts", vol(""), vol("driver_opts: {type: tmpfs, device: tmpfs}")},
		{"volumes.*.driver_opts.*", vol("driver_opts: {type: nfs, o: addr=10.0.0.1, device: ':/a'}"), vol("driver_opts: {type: nfs, o: addr=10.0.0.2, device: ':/a'}")},
		{"networks.*", "services: {s: {image: x}, other: {image: y}}", net("")},
		{"networks.*.internal", net(""), net("internal: true")},
		{"networks.*.name", net(""), net("name: shared")},
		{"networks.*.external", net(""), net("external: true")},
		{"networks.*.driver", net(""), net("driver: overlay")},
		{"networks.*.driver_opts", net(""), net("driver_opts: {a: b}")},
		{"networks.*.ipam", net(""), net("ipam: {driver: default}")},
		{"networks.*.enable_ipv4", net(""), net("enable_ipv4: true")},
		{"networks.*.enable_ipv6", net(""), net("enable_ipv6: true")},
		{"networks.*.attachable", net(""), net("attachable: true")},
		{"networks.*.labels", net(""), net("labels: {a: b}")},
		{"configs.*", "services: {s: {image: x}}", file("configs", "content: a")},
		{"configs.*.content", file("configs", "content: a"), file("configs", "content: b")},
		{"configs.*.environment", file("configs", "content: a"), file("configs", "environment: TOKEN")},
		{"configs.*.file", file("configs", "content: a"), file("configs", "file: ./missing")},
		{"configs.*.name", file("configs", "content: a"), file("configs", "content: a, name: other")},
		{"configs.*.external", file("configs", "content: a"), file("configs", "external: true")},
		{"configs.*.external.name", file("configs", "external: true"), file("configs", "external: true, name: other")},
		{"configs.*.labels", file("configs", "content: a"), file("configs", "content: a, labels: {a: b}")},
		{"configs.*.labels.*", file("configs", "content: a, labels: {a: b}"), file("configs", "content: a, labels: {a: c}")},
		{"configs.*.template_driver", file("configs", "content: a"), file("configs", "content: a, template_driver: golang")},
		{"secrets.*", "services: {s: {image: x}}", file("secrets", "environment: TOKEN")},
		{"secrets.*.environment", file("secrets", "environment: TOKEN"), file("secrets", "environment: TOKEN2")},
		{"secrets.*.file", file("secrets", "environment: TOKEN"), file("secrets", "file: ./missing")},
		{"secrets.*.name", file("secrets", "environment: TOKEN"), file("secrets", "environment: TOKEN, name: other")},
		{"secrets.*.external", file("secrets", "environment: TOKEN"), file("secrets", "external: true")},
		{"secrets.*.external.name", file("secrets", "external: true"), file("secrets", "external: true, name: other")},
		{"secrets.*.labels", file("secrets", "environment: TOKEN"), file("secrets", "environment: TOKEN, labels: {a: b}")},
		{"secrets.*.labels.*", file("secrets", "environment: TOKEN, labels: {a: b}"), file("secrets", "environment: TOKEN, labels: {a: c}")},
		{"secrets.*.driver", file("secrets", "environment: TOKEN"), file("secrets", "environment: TOKEN, driver: vault")},
		{"secrets.*.driver_opts", file("secrets", "environment: TOKEN"), file("secrets", "environment: TOKEN, driver_opts: {a: b}")},
		{"secrets.*.template_driver", file("secrets", "environment: TOKEN"), file("secrets", "environment: TOKEN, template_driver: golang")},
		{"models.*", "services: {s: {image: x}}", "services: {s: {image: x, models: [m]}}\nmodels: {m: {model: a, x-gantry: {url: u}}}"},
		{"models.*.model", model("a"), model("b")},
		{"models.*.name", model("a"), model("a, name: n")},
		{"models.*.context_size", model("a"), model("a, context_size: 4096")},
		{"models.*.runtime_flags", model("a"), model("a, runtime_flags: [-v]")},
	}
}
