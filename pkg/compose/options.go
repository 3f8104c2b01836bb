package compose

import "io"

// Options says what Load reads. Only these fields matter: the process's own
// environment and directory are not looked at, except for the home directory
// that `~` in a volume stands for.
type Options struct {
	// Files are the Compose files (-f), in the order of merging; "-" is Stdin.
	// Relative names start at WorkingDir. When empty, COMPOSE_FILE and then the
	// default names decide, as docker compose does.
	Files []string
	// ProjectDir is the project directory (--project-directory); when empty it
	// is the directory of the first file.
	ProjectDir string
	// ProjectName is the project's name (-p); when empty COMPOSE_PROJECT_NAME,
	// the files' name: and the project directory's name decide, in that order.
	ProjectName string
	// Profiles are the active profiles (--profile); when empty those of
	// COMPOSE_PROFILES.
	Profiles []string
	// EnvFiles replace the project directory's .env (--env-file); when empty
	// those of COMPOSE_ENV_FILES.
	EnvFiles []string
	// Environ is the environment, as os.Environ gives it. It wins over env
	// files.
	Environ []string
	// WorkingDir is where relative names start and what file names are shown
	// relative to; when empty it is the process's directory.
	WorkingDir string
	// Stdin is read for the file "-".
	Stdin io.Reader
	// Services selects services and what they depend on; when empty all of the
	// active profiles.
	Services []string
	// NoDeps leaves out what the selected services depend on.
	NoDeps bool
}
