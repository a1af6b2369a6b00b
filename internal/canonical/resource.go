package canonical

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Unknown is the service of data that names none.
const Unknown = "unknown"

// What is kept of a resource for those who read an anomaly.
const (
	maxResourceAttributes = 32
	maxResourceValue      = 256
)

// Resource is what is known of where data came from. It is immutable and shared.
type Resource struct {
	Service     string
	ServiceHash uint64
	// Instance hashes all attributes: two resources that differ in any of them measure different series.
	Instance uint64
	// Replica hashes the attribute that names a pod or process, 0 where none does. A new one is a restart or a deploy.
	Replica uint64
	// Kind hashes the names of all attributes: what is measured of resources that have the same can be compared.
	Kind uint64
	// Version is the service's version, empty where none is given.
	Version string
	// Attributes is a bounded copy, values as text.
	Attributes map[string]string
}

// replicaAttributes name one running copy of a service, the most specific first. host.name is not among them: a service
// that moves to another host becomes another pod or process, and a host that reports itself is its own service.
var replicaAttributes = []string{"service.instance.id", "k8s.pod.name"}

// versionAttribute is the semantic convention's name of a service's version.
const versionAttribute = "service.version"

// instanceNames are what a person calls an instance, best first.
var instanceNames = []string{"k8s.pod.name", "service.instance.id", "host.name", "container.id"}

// Resources resolves resources and remembers them by the hash of their attributes, so that known ones cost no allocation.
type Resources struct {
	serviceAttributes []string
	known             *Intern[*Resource]
	names             *Names
}

// NewResources resolves the service as the first of the given attributes that is present.
func NewResources(serviceAttributes []string, capacity int, names *Names) *Resources {
	return &Resources{serviceAttributes: serviceAttributes, known: NewIntern[*Resource](capacity), names: names}
}

// Resolve never returns nil. The result does not refer to the map.
func (r *Resources) Resolve(attributes pcommon.Map) *Resource {
	instance := nonZero(hashMap(attributes))
	if known, ok := r.known.Get(instance); ok {
		return known
	}
	res := &Resource{Service: clip(firstText(attributes, r.serviceAttributes), maxName), Instance: instance, Kind: hashNames(attributes), Attributes: copyAttributes(attributes)}
	if res.Service == "" {
		res.Service = Unknown
	}
	res.ServiceHash = HashString(res.Service)
	if replica := firstText(attributes, replicaAttributes); replica != "" {
		res.Replica = HashString(replica)
	}
	res.Version = clip(firstText(attributes, []string{versionAttribute}), maxResourceValue)
	if name := firstText(attributes, instanceNames); name != "" {
		r.names.put(instance, clip(name, maxName))
	}
	r.names.put(res.ServiceHash, clip(res.Service, maxName))
	r.known.Put(instance, res)
	return res
}

// Named is the resource of data that has nothing but a service's name.
func (r *Resources) Named(service string) *Resource {
	m := pcommon.NewMap()
	m.PutStr(r.serviceAttributes[0], service)
	return r.Resolve(m)
}

func firstText(attributes pcommon.Map, keys []string) string {
	for _, key := range keys {
		if v, ok := attributes.Get(key); ok {
			if s := v.AsString(); s != "" {
				return valid(s)
			}
		}
	}
	return ""
}

func copyAttributes(attributes pcommon.Map) map[string]string {
	if attributes.Len() == 0 {
		return nil
	}
	kept := make(map[string]string, min(attributes.Len(), maxResourceAttributes))
	for k, v := range attributes.All() {
		if len(kept) == maxResourceAttributes {
			break
		}
		kept[clip(valid(k), maxName)] = clip(valid(v.AsString()), maxResourceValue)
	}
	return kept
}
