package render

import (
	"strconv"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// checkApart reports pods that would have to be on several nodes and on the one
// node that can mount their volume: they would wait for ever.
func (c *Ctx) checkApart() {
	for i, v := range c.Service.Volumes {
		if v.Type != types.VolumeTypeVolume || !c.claimOfOneNode(v.Source) {
			continue
		}
		at := []string{"volumes", strconv.Itoa(i)}
		hint := "give the claim an access mode for several nodes with `kubernetes.volumes: {" + v.Source + ": {access_modes: [ReadWriteMany]}}` in ecs-params.yml and a storage class that has it"
		switch {
		case c.Kind == KindDaemonSet:
			c.reportAt(diag.CodeApart, at, "a pod runs on every node, and only one node at a time can mount the volume %s", v.Source).Hint = hint
		case c.keptApart() && c.severalReplicas():
			c.reportAt(diag.CodeApart, at, "the replicas must be on different nodes, and only one node at a time can mount the volume %s", v.Source).Hint = hint + ", or run one replica"
		}
	}
}

// claimOfOneNode reports whether the pod mounts a claim of this volume that one
// node can mount only.
func (c *Ctx) claimOfOneNode(volume string) bool {
	if volume == "" || claimIsShared(c.Params, volume) {
		return false
	}
	name := plainVolumeName("volume", volume)
	for _, v := range c.Pod.Volumes {
		if v.Name == name {
			return v.PersistentVolumeClaim != nil
		}
	}
	return false
}

// keptApart reports whether the service's pods must be on different nodes.
func (c *Ctx) keptApart() bool {
	a := c.Pod.Affinity
	return a != nil && a.PodAntiAffinity != nil && len(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution) > 0
}
