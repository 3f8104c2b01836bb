package supervise

import "os/exec"

// Detach makes a command outlive the terminal and the process that starts it.
func Detach(cmd *exec.Cmd) { cmd.SysProcAttr = sessionAttr() }
