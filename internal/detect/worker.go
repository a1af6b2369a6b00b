package detect

import (
	"sync"
)

// task is one step for a service's models. Tasks of a service are done in the order they were pushed.
type task struct {
	kind    taskKind
	signal  signal
	models  *models
	window  uint64
	load    *load
	bytes   uint64 // held at the gate
	closing closing
	judging judging
	saving  *savingService
	done    func()
	said    *outcome
}

type taskKind uint8

const (
	taskObserve taskKind = iota // give records to the core
	taskHold                    // keep records of a window whose turn has not come
	taskClose                   // score a stream's window
	taskJudge                   // combine the signals of a service's window
	taskEvict                   // free the models
	taskSave                    // save the models
	taskCall                    // run done
	taskSay                     // hand on what no service's window says
)

// worker does the tasks of the services that fall to it, one goroutine each.
type worker struct {
	d      *Detector
	mu     sync.Mutex
	more   sync.Cond
	tasks  []task // what was pushed; the worker takes all at once
	closed bool
}

func newWorker(d *Detector) *worker {
	w := &worker{d: d}
	w.more.L = &w.mu
	return w
}

func (w *worker) push(t task) {
	w.mu.Lock()
	w.tasks = append(w.tasks, t)
	first := len(w.tasks) == 1
	w.mu.Unlock()
	if first {
		w.more.Signal()
	}
}

// finish lets run return when all tasks are done.
func (w *worker) finish() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.more.Signal()
}

func (w *worker) run() {
	var batch []task
	for {
		w.mu.Lock()
		for len(w.tasks) == 0 && !w.closed {
			w.more.Wait()
		}
		if len(w.tasks) == 0 {
			w.mu.Unlock()
			return
		}
		batch, w.tasks = w.tasks, batch[:0]
		w.mu.Unlock()
		for i := range batch {
			w.do(&batch[i])
			batch[i] = task{}
		}
	}
}

func (w *worker) do(t *task) {
	if t.kind < taskSave && t.models != nil {
		t.models.mark.Changed()
	}
	switch t.kind {
	case taskObserve:
		t.models.observe(t.signal, t.window, t.load)
	case taskHold:
		t.models.hold(t.signal, t.window, t.load)
	case taskClose:
		t.models.close(t)
	case taskJudge:
		w.d.emitter.put(t.judging.sequence, t.models.judge(t))
	case taskSay:
		w.d.emitter.put(t.judging.sequence, t.said)
	case taskEvict:
		t.models.free(t.bytes)
		return // its bytes are the models', not the gate's
	case taskSave:
		t.saving.do(t.models)
	case taskCall:
		t.done()
	}
	w.d.gate.release(t.bytes)
}
