package state

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from a range that systems do not give to outgoing
// connections, so that a component that is restarted finds its port still free:
// blocks of blockSize from firstPort on.
const (
	firstPort = 20000
	blocks    = 500
	blockSize = 16
)

// choosePorts gives each name a free loopback port that no other cluster has.
// They come from one block when one is free from end to end, as it nearly
// always is: two clusters that are made at the same moment by different users
// then hardly ever choose the same.
func choosePorts(names []string, others []*Cluster) ([]Port, error) {
	taken := map[int]bool{}
	for _, o := range others {
		for _, p := range o.Ports {
			taken[p.Number] = true
		}
	}
	size := (len(names) + blockSize - 1) / blockSize * blockSize
	start := rand.IntN(blocks)
	for i := range blocks {
		first := firstPort + (start+i)%blocks*blockSize
		if ports, ok := fromBlock(names, first, size, taken); ok {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("no free block of ports between %d and %d", firstPort, firstPort+blocks*blockSize)
}

// fromBlock gives the names the first ports of a block if all of it is free.
func fromBlock(names []string, first, size int, taken map[int]bool) ([]Port, bool) {
	for n := first; n < first+size; n++ {
		if taken[n] || !portFree(n) {
			return nil, false
		}
	}
	var ports []Port
	for i, name := range names {
		ports = append(ports, Port{Name: name, Number: first + i})
	}
	return ports, true
}

// portFree tells whether a loopback port can be listened on.
func portFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
