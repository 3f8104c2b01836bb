package render

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"pgregory.net/rapid"
)

// TestQuotedWordsAreOneWordForTheShell asks a real shell.
func TestQuotedWordsAreOneWordForTheShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell here")
	}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[ -~]{0,6}`), 1, 20).Draw(t, "words")
		script := "printf '%s\\n'"
		for _, w := range words {
			script += " " + quote(w)
		}
		out, err := exec.Command(sh, "-c", script).Output()
		if want := strings.Join(words, "\n") + "\n"; err != nil || string(out) != want {
			t.Fatalf("%s\ngot  %q (%v)\nwant %q", script, out, err, want)
		}
	})
}

func TestHooksRunInOrderInTheirDirectoryAndEnvironment(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell here")
	}
	value := "two words"
	command := hookCommand([]types.ServiceHook{
		{Command: types.ShellCommand{"sh", "-c", `echo "$WORD in $(pwd)"`}, WorkingDir: "/", Environment: types.MappingWithEquals{"WORD": &value, "UNSET": nil}},
		{Command: types.ShellCommand{"false"}},
		{Command: types.ShellCommand{"echo", "never"}},
	})
	out, err := exec.Command(sh, command[1:]...).Output()
	if err == nil || string(out) != "two words in /\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestSingleHookNeedsNoShell(t *testing.T) {
	got := hookCommand([]types.ServiceHook{{Command: types.ShellCommand{"/warm", "$UP"}}})
	if strings.Join(got, " ") != "/warm $UP" {
		t.Errorf("got %q", got)
	}
}

// TestWrappedProcess runs the wrapper in a real shell: the limits and the umask
// hold in the process, which takes the shell's place.
func TestWrappedProcess(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell here")
	}
	r := renderText(t, `services: {a: {image: x, entrypoint: [sh, -c, "umask; ulimit -Sn; ulimit -Hn; echo $$1", sh], command: ["$$HOME"], umask: "027", ulimits: {nofile: {soft: 50, hard: 60}}, x-gantry: {shell: true}}}`, nil, nil)
	r.expectErrors("")
	container := r.object("Deployment", "a")
	var command []string
	for _, field := range []string{"command", "args"} {
		var part []string
		if err := json.Unmarshal([]byte(at(t, container, pod+"containers.0."+field)), &part); err != nil {
			t.Fatal(err)
		}
		command = append(command, part...)
	}
	for i := range command {
		command[i] = kubeletExpand(command[i], nil)
	}
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err != nil || string(out) != "0027\n50\n60\n$HOME\n" {
		t.Errorf("%v: %q from %q", err, out, command)
	}
}
