package shop

import "time"

// job is work that a service does by itself at fixed hours, on its first pod: a few log lines, and more processor time meanwhile.
type job struct {
	name              string
	every, offset     time.Duration // runs start at offset after each multiple of every
	lasts             time.Duration
	cpu               float64 // factor on utilisation
	first, each, last line
}

// jobRun is one run of a job.
type jobRun struct {
	key        uint64
	start, end int64
}

// run is the job's latest run at an event time, which may be over.
func (j *job) run(seed uint64, service string, t int64) jobRun {
	n := floorDiv(t-int64(j.offset), int64(j.every))
	key := mix(seed, mixString(service), mixString(j.name), uint64(n))
	r := random(key)
	start := n*int64(j.every) + int64(j.offset)
	return jobRun{key, start, start + int64(float64(j.lasts)*(.8+.4*r.uniform()))}
}

// work writes what the jobs of a service log in the second that ends at to.
func (g *Generator) work(w *writer, owner int, to int64) {
	s := &g.services[owner]
	for i := range s.jobs {
		j := &s.jobs[i]
		run := j.run(g.config.Seed, s.name, to)
		if to-int64(time.Second) > run.end {
			continue
		}
		on := g.first(owner, to)
		say := func(l *line, n uint64, at int64) {
			if at > to-int64(time.Second) && at <= to {
				r := random(mix(run.key, n))
				w.log(on, at, l.severity, l.text, &r, 0, span{})
			}
		}
		draw := random(mix(run.key, 0x5e95))
		steps := draw.between(3, 8)
		say(&j.first, 0, run.start+1)
		for k := int64(1); k <= steps; k++ {
			say(&j.each, uint64(k), run.start+k*(run.end-run.start)/(steps+1))
		}
		say(&j.last, 99, run.end)
	}
}

// busy is the factor that running jobs put on the processor time of the pod.
func (g *Generator) busy(in *instance, t int64) float64 {
	s, f := &g.services[in.owner], 1.0
	for i := range s.jobs {
		if run := s.jobs[i].run(g.config.Seed, s.name, t); t <= run.end && g.first(in.owner, t) == in {
			f *= s.jobs[i].cpu
		}
	}
	return f
}
