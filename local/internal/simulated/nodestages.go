package simulated

// nodeStages gives the life of the node: it gets its address, port and healthy
// conditions, and confirms the latter from time to time. What keeps it Ready is
// its lease.
func nodeStages() []stage {
	return []stage{
		{
			name: "node-start", kind: "Node", status: nodeConditions + nodeAddresses, next: true,
			when: []condition{alive(), notIn(queryReady, "True")},
		},
		{
			name: "node-heartbeat", kind: "Node", status: nodeConditions, next: true,
			after: 200_000, upTo: 300_000,
			when: []condition{alive(), in(queryReady, "True")},
		},
	}
}

const nodeConditions = `
{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: "simulated node"
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
`

const nodeAddresses = `
addresses:
- type: InternalIP
  address: {{ NodeIP | Quote }}
- type: Hostname
  address: {{ .metadata.name | Quote }}
daemonEndpoints:
  kubeletEndpoint:
    Port: {{ NodePort }}
nodeInfo:
  architecture: amd64
  operatingSystem: linux
  osImage: simulated
  kernelVersion: simulated
  containerRuntimeVersion: simulated://0
  kubeletVersion: simulated
  kubeProxyVersion: ""
  bootID: ""
  machineID: ""
  systemUUID: ""
phase: Running
`
