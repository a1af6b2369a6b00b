package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// instance is a server of ours: its own process, which ends with this one.
type instance struct {
	bin, dir, data string
	port           int
	user           account

	running bool
	ended   chan struct{}
	alive   io.Closer // the pipe whose end tells the guard that we are gone
}

// guard runs the server and waits for the end of its own input, which comes when this process ends, however it does.
const guard = `exec 3<&0; "$@" </dev/null 3<&- & pid=$!
(read -r _ <&3; kill -QUIT $pid) >/dev/null 2>&1 & reader=$!
wait $pid; kill $reader`

// start returns when the server answers. Right after a crash it may refuse for a moment, until the last of its old processes is gone.
func (i *instance) start() error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		ended, err := i.launch()
		if err != nil {
			return err
		}
		err = wait(i.url(), time.Until(deadline), ended)
		if err == nil {
			return nil
		}
		err = errors.Join(err, i.end(true))
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(i.logPath())
			return fmt.Errorf("start PostgreSQL: %w; its log:\n%s", err, log)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (i *instance) url() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", i.port)
}

func (i *instance) logPath() string { return filepath.Join(i.dir, "log") }

// launch starts the process; ended is closed when it has ended.
func (i *instance) launch() (ended chan struct{}, err error) {
	log, err := os.OpenFile(i.logPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command("/bin/sh", "-c", guard, "sh",
		filepath.Join(i.bin, "postgres"), "-D", i.data, "-p", strconv.Itoa(i.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=300", "-c", "shared_buffers=128MB")
	i.user.run(cmd, i.dir)
	cmd.SysProcAttr.Setpgid = true
	cmd.Stdout, cmd.Stderr = log, log
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	i.ended = make(chan struct{})
	i.running, i.alive = true, in
	go func(done chan struct{}) {
		_ = cmd.Wait() // its exit code says only that it was told to end
		close(done)
	}(i.ended)
	return i.ended, nil
}

// end stops the server: at once but in order, or with a signal that it cannot answer.
func (i *instance) end(orderly bool) error {
	if !i.running {
		return nil
	}
	i.running = false
	pid, err := i.pid()
	if err == nil {
		signal := syscall.SIGINT // a "fast" shutdown
		if !orderly {
			signal = syscall.SIGKILL
		}
		if err = syscall.Kill(pid, signal); errors.Is(err, syscall.ESRCH) {
			err = nil
		}
	} else if errors.Is(err, os.ErrNotExist) {
		err = nil // it ended by itself
	}
	select {
	case <-i.ended:
	case <-time.After(20 * time.Second):
		err = errors.Join(err, errors.New("PostgreSQL does not end"))
	}
	if cerr := i.alive.Close(); cerr != nil && !errors.Is(cerr, os.ErrClosed) {
		err = errors.Join(err, cerr)
	}
	return err
}

// pid is that of the server itself, not of the shell around it.
func (i *instance) pid() (int, error) {
	b, err := os.ReadFile(filepath.Join(i.data, "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return strconv.Atoi(string(line))
}
