package params

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The forms of names are those of Kubernetes' apimachinery validation: DNS-1123
// labels and subdomains, qualified names, label values, quantities.
var (
	labelName     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	subdomain     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	qualifiedPart = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`)
	dataKey       = regexp.MustCompile(`^[-._a-zA-Z0-9]+$`)
	variable      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	quantity      = regexp.MustCompile(`^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)(k|M|G|T|P|E|[KMGTPE]i|e[0-9]{1,2})?$`)
)

func isVersion(s string) error {
	if s == "1" || s == "1.0" {
		return nil
	}
	return errors.New("is no version of ecs-params: only 1 exists")
}

func isLabelName(s string) error {
	if len(s) > 63 || !labelName.MatchString(s) {
		return errors.New("must be at most 63 lower case letters, digits and -, and begin and end with a letter or digit")
	}
	return nil
}

func isObjectName(s string) error {
	if len(s) > 253 || !subdomain.MatchString(s) {
		return errors.New("is no name of a Kubernetes object: lower case letters, digits, - and . only")
	}
	return nil
}

func isHost(s string) error {
	if isObjectName(strings.TrimPrefix(s, "*.")) != nil {
		return errors.New("is no host name")
	}
	return nil
}

// isRegistry accepts what may stand before an image's name: HOST[:PORT][/PATH].
func isRegistry(s string) error {
	host, _, _ := strings.Cut(s, "/")
	if strings.Contains(s, "://") || strings.ContainsAny(s, " @") || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return errors.New("is no registry: HOST[:PORT][/PATH], such as ghcr.io/acme, without a scheme")
	}
	return nil
}

func isURLPath(s string) error {
	if !strings.HasPrefix(s, "/") {
		return errors.New("must begin with /")
	}
	return nil
}

func isDataKey(s string) error {
	if len(s) > 253 || !dataKey.MatchString(s) {
		return errors.New("is no key of a Secret: letters, digits, -, _ and . only")
	}
	return nil
}

func isVariable(s string) error {
	if !variable.MatchString(s) {
		return errors.New("is no name of an environment variable")
	}
	return nil
}

func isQualifiedName(s string) error {
	prefix, name, ok := strings.Cut(s, "/")
	if !ok {
		prefix, name = "", s
	}
	if ok && isObjectName(prefix) != nil || len(name) > 63 || !qualifiedPart.MatchString(name) {
		return errors.New("is no label or annotation key: [DOMAIN/]NAME")
	}
	return nil
}

func isLabelValue(s string) error {
	if s != "" && (len(s) > 63 || !qualifiedPart.MatchString(s)) {
		return errors.New("is no label value: at most 63 letters, digits, dots, - and _")
	}
	return nil
}

// isQuantity accepts the positive quantities that a claim can ask for.
func isQuantity(s string) error {
	if quantity.MatchString(s) && strings.ContainsAny(strings.SplitN(s, "e", 2)[0], "123456789") && len(s) <= maxNumberLength {
		return nil
	}
	if fixed := strings.TrimRight(s, "bB"); fixed != s && quantity.MatchString(fixed) {
		return fmt.Errorf("is no size: write %s", fixed)
	}
	return errors.New("is no size: write a number with a unit, such as 20Gi")
}

func isAccessMode(s string) error {
	modes := []string{"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"}
	for _, short := range [][2]string{{"RWO", modes[0]}, {"ROX", modes[1]}, {"RWX", modes[2]}, {"RWOP", modes[3]}} {
		if strings.EqualFold(s, short[0]) {
			return fmt.Errorf("is short for %s: write that", short[1])
		}
	}
	return oneOf(s, modes)
}
