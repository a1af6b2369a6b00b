import type { Schemas } from "../api/client";

export type Call = Schemas["Call"];

/** A place in the call tree: an operation with the calls under it. */
export interface Node {
  key: string;
  operation: string;
  depth: number;
  /** None of a caller that is another service's: the tree shows it, but its spans are not this service's. */
  call?: Call;
  /** Bits of the call and of all below it. */
  bits: number;
}

/** The calls as rows of a tree, the costliest branch first. An operation that several call is under each of them, with its
    calls under the first; what calls itself, or is called in a circle, is shown once. Every edge is one row. */
export function tree(calls: readonly Call[]): Node[] {
  const children = new Map<string, Call[]>();
  for (const call of calls) children.set(call.parent_id, [...(children.get(call.parent_id) ?? []), call]);
  const own = new Set(calls.map(({ id }) => id));
  const below = (call: Call) => {
    const met = new Set<Call>([call]);
    for (const each of met) for (const child of children.get(each.id) ?? []) met.add(child);
    return [...met].reduce((sum, { bits }) => sum + bits, 0);
  };
  const costliest = (some: readonly Call[]) => [...some].sort((a, b) => below(b) - below(a) || b.spans - a.spans);
  const rows: Node[] = [];
  const drawn = new Set<Call>();
  const draw = (call: Call, depth: number) => {
    if (drawn.has(call)) return;
    drawn.add(call);
    rows.push({ key: `${call.parent_id}>${call.id}`, operation: call.operation, depth, call, bits: below(call) });
    for (const child of costliest(children.get(call.id) ?? [])) draw(child, depth + 1);
  };
  const outside = [...children].filter(([parent]) => !own.has(parent));
  const roots = outside.map(([parent, under]) => ({ parent, under, bits: under.reduce((sum, call) => sum + below(call), 0) }));
  roots.sort((a, b) => b.bits - a.bits || spans(b.under) - spans(a.under));
  for (const { parent, under, bits } of roots) {
    rows.push({ key: parent, operation: under[0]?.parent ?? "", depth: 0, bits });
    for (const call of costliest(under)) draw(call, 1);
  }
  // What is called in a circle that nothing outside leads to.
  for (const call of calls) draw(call, 1);
  return rows;
}

function spans(calls: readonly Call[]): number {
  return calls.reduce((sum, call) => sum + call.spans, 0);
}
