package compose

import (
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/template"
	"github.com/sirupsen/logrus"
)

// recorder listens to one load: to every text that is interpolated and to
// every remark that compose-go logs. compose-go tells neither where a variable
// stands nor where a remark belongs; the text that was at hand does.
type recorder struct {
	mutex   sync.Mutex // for Fire, which the parts of a load call at once
	current string     // the text at hand
	unset   []unsetVariable
	failed  []failedText
	remarks []remark
}

// unsetVariable is a variable without value and without default.
type unsetVariable struct{ template, name string }

// failedText is a text that cannot be interpolated.
type failedText struct {
	template string
	err      error
}

// remark is something that compose-go logged while a text was at hand.
type remark struct{ template, message string }

// substitute replaces the variables of a text and notes what goes wrong.
func (r *recorder) substitute(text string, lookup template.Mapping) (string, error) {
	r.current = text
	if !strings.Contains(text, "$") {
		return text, nil
	}
	out, err := template.Substitute(text, lookup)
	if err != nil {
		r.failed = append(r.failed, failedText{text, err})
	}
	return out, err
}

var unsetForm = regexp.MustCompile(`^The "(.+)" variable is not set`)

// Fire takes a log entry of compose-go.
func (r *recorder) Fire(e *logrus.Entry) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if m := unsetForm.FindStringSubmatch(e.Message); m != nil {
		r.unset = append(r.unset, unsetVariable{r.current, m[1]})
		return nil
	}
	r.remarks = append(r.remarks, remark{r.current, e.Message})
	return nil
}

// mark returns how much was heard so far.
func (r *recorder) mark() [3]int { return [3]int{len(r.unset), len(r.remarks), len(r.failed)} }

// rewind forgets what was heard after a mark and reports whether there was any.
func (r *recorder) rewind(mark [3]int) bool {
	heard := r.mark() != mark
	r.unset, r.remarks, r.failed = r.unset[:mark[0]], r.remarks[:mark[1]], r.failed[:mark[2]]
	return heard
}

// Levels says that all remarks matter.
func (r *recorder) Levels() []logrus.Level { return logrus.AllLevels }

// logMutex guards the process-wide logger that compose-go writes to: there is
// only one, so loads that run at the same time take turns.
var logMutex sync.Mutex

// listen runs a function while everything that is logged goes to the recorder
// and nowhere else. It is the one place that touches logrus.
func (r *recorder) listen(run func()) {
	logMutex.Lock()
	defer logMutex.Unlock()
	logger := logrus.StandardLogger()
	hooks := logger.ReplaceHooks(logrus.LevelHooks{})
	out, level := logger.Out, logger.GetLevel()
	defer func() {
		logger.ReplaceHooks(hooks)
		logger.SetOutput(out)
		logger.SetLevel(level)
	}()
	logger.SetOutput(io.Discard)
	logger.SetLevel(logrus.InfoLevel)
	logger.AddHook(r)
	run()
}

var _ logrus.Hook = (*recorder)(nil)
