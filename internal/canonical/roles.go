package canonical

// role is what a field of a structured body is for, told by its key.
type role uint8

const (
	roleNone   role = iota // a value: any
	roleSays               // says what the record is: kept as it is
	roleLevel              // its severity
	roleStatus             // an HTTP status
	roleTrace              // the id of its trace
	roleStack              // a stack trace
)

// messageKeys are the keys of the message, the likeliest first.
var messageKeys = [...]string{"message", "msg", "body", "log", "text", "short_message", "@message", "event_message"}

// longestRole is the length of the longest key that has a role.
const longestRole = len("messaging.operation.name")

// roleOf is the role of a dotted key: that of the whole, else that of its last segment.
func roleOf(path []byte) role {
	if len(path) <= longestRole {
		if r := named(path); r != roleNone {
			return r
		}
	}
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' {
			if last := path[i+1:]; len(last) <= longestRole {
				return named(last)
			}
			break
		}
	}
	return roleNone
}

func named(key []byte) role {
	var lower [longestRole]byte
	for i, c := range key {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	switch string(lower[:len(key)]) {
	case "level", "severity", "lvl", "loglevel", "log_level", "log.level", "levelname", "severity_text", "severitytext":
		return roleLevel
	case "status", "status_code", "statuscode", "http_status", "http_status_code":
		return roleStatus
	case "trace_id", "traceid", "trace.id", "oteltraceid", "otel_trace_id":
		return roleTrace
	case "stack", "stack_trace", "stacktrace", "exception.stacktrace", "traceback", "exc_info", "backtrace":
		return roleStack
	case "logger", "logger_name", "loggername", "component", "module", "class", "func", "function", "caller",
		"event", "event.name", "event_name", "event.action", "action", "op", "operation", "method", "verb", "route", "kind", "type", "stage", "phase",
		"state", "outcome", "result", "reason", "error", "err", "exception", "cause", "error.message", "exception.message", "exception.type", "error.type",
		"error_type", "error.kind", "stream", "http.route", "http.method", "http.request.method", "request_method", "rpc.service", "rpc.method",
		"db.operation", "db.operation.name", "messaging.operation.name":
		return roleSays
	}
	return roleNone
}
