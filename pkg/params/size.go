package params

import (
	"errors"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const mebibyte = 1 << 20

// maxNumberLength bounds the digits of a number, far above what is meaningful.
const maxNumberLength = 40

var (
	errSize     = errors.New(`is no size: write bytes or a number with a unit, such as 512m or "0.5GB"`)
	errTaskSize = errors.New(`is no task memory: write MiB as a plain number, or a number with a unit, such as 512 or "0.5GB"`)
	errTaskCPU  = errors.New(`is no task CPU: write CPU units as a plain number, or vCPUs, such as 256 or "0.25 vCPU"`)
	errDuration = errors.New("is no duration: write seconds as a plain number, or a duration such as 30s or 1m30s")
)

// parseBytes reads a memory size of a service: plain numbers are bytes, units
// k, m, g, t with an optional b, ib or iB are powers of 1024, as Docker reads them.
func parseBytes(s string) (int64, error) {
	return parseSize(s, 1, errSize)
}

// parseTaskMemory reads task_size.mem_limit: plain numbers are MiB; GB is 1024
// MiB, as ECS counts it. The result is in bytes.
func parseTaskMemory(s string) (int64, error) {
	return parseSize(s, mebibyte, errTaskSize)
}

func parseSize(s string, plain int64, invalid error) (int64, error) {
	number, unit := splitUnit(s)
	factor, ok := sizeUnit(unit, plain)
	if !ok {
		return 0, invalid
	}
	n, ok := scaled(number, factor, 1)
	if !ok || n <= 0 {
		return 0, invalid
	}
	return n, nil
}

// sizeUnit returns the bytes in a unit; the empty unit is worth plain.
func sizeUnit(unit string, plain int64) (int64, bool) {
	unit = strings.ToLower(unit)
	if unit == "" {
		return plain, true
	}
	if unit == "b" {
		return 1, true
	}
	power := strings.IndexByte("kmgt", unit[0])
	if power < 0 || unit[1:] != "" && unit[1:] != "b" && unit[1:] != "i" && unit[1:] != "ib" {
		return 0, false
	}
	return 1 << (10 * (power + 1)), true
}

// parseTaskCPU reads task_size.cpu_limit, in CPU units (1024 = one core) or
// vCPU, into millicores, rounded up.
func parseTaskCPU(s string) (int64, error) {
	number, unit := splitUnit(s)
	var millis int64
	ok := false
	switch strings.ToLower(unit) {
	case "":
		millis, ok = scaled(number, 1000, 1024)
	case "vcpu":
		millis, ok = scaled(number, 1000, 1)
	}
	if !ok || millis <= 0 {
		return 0, errTaskCPU
	}
	return millis, nil
}

// splitUnit cuts "0.5 GB" into number and unit.
func splitUnit(s string) (number, unit string) {
	s = strings.TrimSpace(s)
	i := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

var decimal = regexp.MustCompile(`^([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)

// scaled returns ceil(number × mul ÷ div), exactly; false when number is no
// decimal or the result has no place in an int64.
func scaled(number string, mul, div int64) (int64, bool) {
	if len(number) > maxNumberLength || !decimal.MatchString(number) {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(strings.TrimSuffix(number, "."))
	if !ok {
		return 0, false
	}
	r.Mul(r, big.NewRat(mul, div))
	n := new(big.Int).Add(r.Num(), new(big.Int).Sub(r.Denom(), big.NewInt(1)))
	n.Div(n, r.Denom())
	return n.Int64(), n.IsInt64()
}

// parseSeconds reads a Go duration or a plain number of seconds, rounded up to
// whole seconds, which is all that probes can hold; exact says whether nothing
// was rounded.
func parseSeconds(s string) (seconds int64, exact bool, err error) {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		if n < 0 {
			return 0, false, errDuration
		}
		return n, true, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, false, errDuration
	}
	seconds = int64(d / time.Second)
	if d%time.Second == 0 {
		return seconds, true, nil
	}
	return seconds + 1, false, nil
}
