package render

import (
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
