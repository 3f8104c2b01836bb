//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"
)

// maxContent is up to where the content of a file is told.
const maxContent = 64 << 10

// files describes a file or folder and what is in it, by path. Links are
// followed, but for links to folders below the root.
func files(root string) (object, error) {
	all := object{}
	from, err := filepath.EvalSymlinks(root)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	return all, filepath.WalkDir(from, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			all[filepath.Join(root, strings.TrimPrefix(path, from))], err = describe(path)
		}
		return err
	})
}

func describe(path string) (object, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	system, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("%s: no owner", path)
	}
	entry := object{"mode": fmt.Sprintf("%04o", system.Mode&0o7777), "uid": system.Uid, "gid": system.Gid, "type": "file"}
	switch {
	case info.IsDir():
		entry["type"] = "folder"
	case !info.Mode().IsRegular():
		entry["type"] = "other"
	case info.Size() <= maxContent:
		data, err := os.ReadFile(path)
		if err != nil {
			entry["error"] = err.Error()
		} else if utf8.Valid(data) {
			entry["content"] = string(data)
		}
		entry["size"] = info.Size()
	}
	return entry, nil
}

// write makes a file: PATH TEXT [MODE].
func write(args []string) (any, error) {
	if len(args) < 2 {
		return nil, errors.New("usage: write PATH TEXT [MODE]")
	}
	mode := uint64(0o644)
	if len(args) > 2 {
		var err error
		if mode, err = strconv.ParseUint(args[2], 8, 32); err != nil {
			return nil, err
		}
	}
	return outcome(os.WriteFile(args[0], []byte(args[1]), fs.FileMode(mode))), nil
}

// fill writes zeros into a file until it has as many bytes, or no more go in.
func fill(args []string) (any, error) {
	if len(args) != 2 {
		return nil, errors.New("usage: fill PATH BYTES")
	}
	left, err := strconv.Atoi(args[1])
	if err != nil {
		return nil, err
	}
	f, err := os.Create(args[0])
	if err != nil {
		return outcome(err), nil
	}
	defer f.Close()
	written, block := 0, make([]byte, 64<<10)
	for left > 0 && err == nil {
		n := 0
		n, err = f.Write(block[:min(left, len(block))])
		written, left = written+n, left-n
	}
	result := outcome(err)
	result["written"] = written
	return result, nil
}

// outcome tells how something ended; the error in the system's own words.
func outcome(err error) object {
	if err == nil {
		return done()
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return object{"ok": false, "error": number.Error()}
	}
	return object{"ok": false, "error": err.Error()}
}
