//go:build linux

package main

import (
	"os"
	"strconv"
	"strings"
)

const cgroupRoot = "/sys/fs/cgroup"

// unlimitedMemory is where version 1 of cgroups begins to mean no limit.
const unlimitedMemory = int64(1) << 60

// cgroup gives the limits of the process's own control group in the same terms
// for both versions: bytes, cores, processes. A limit that is not set is absent.
func cgroup() object {
	if _, err := os.Stat(cgroupRoot + "/cgroup.controllers"); err == nil {
		return cgroup2()
	}
	return cgroup1()
}

func cgroup1() object {
	all := object{"version": 1}
	if n, ok := number(cgroupRoot + "/memory/memory.limit_in_bytes"); ok && n < unlimitedMemory {
		all["memory"] = n
	}
	quota, _ := number(cgroupRoot + "/cpu/cpu.cfs_quota_us")
	if period, ok := number(cgroupRoot + "/cpu/cpu.cfs_period_us"); ok && quota > 0 {
		all["cpus"], all["period"] = float64(quota)/float64(period), period
	}
	if n, ok := number(cgroupRoot + "/cpu/cpu.shares"); ok {
		all["shares"] = n
	}
	if n, ok := number(cgroupRoot + "/pids/pids.max"); ok {
		all["pids"] = n
	}
	if n, ok := number(cgroupRoot + "/memory/memory.soft_limit_in_bytes"); ok && n < unlimitedMemory {
		all["reservation"] = n
	}
	return all
}

func cgroup2() object {
	all := object{"version": 2}
	for name, file := range map[string]string{"memory": "memory.max", "reservation": "memory.low", "pids": "pids.max", "weight": "cpu.weight"} {
		if n, ok := number(cgroupRoot + "/" + file); ok && (name != "reservation" || n > 0) {
			all[name] = n
		}
	}
	data, _ := os.ReadFile(cgroupRoot + "/cpu.max")
	words := strings.Fields(string(data))
	if len(words) == 2 && words[0] != "max" {
		quota, _ := strconv.ParseFloat(words[0], 64)
		period, _ := strconv.ParseFloat(words[1], 64)
		all["cpus"], all["period"] = quota/period, period
	}
	return all
}
