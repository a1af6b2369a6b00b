import { useEffect, useRef } from "react";
import { SeverityMark } from "../severity/SeverityMark";
import { Icon } from "../theme/Icon";

const keys: readonly (readonly [string[], string])[] = [
  [["j", "k"], "next, previous row"],
  [["Enter"], "open the row"],
  [["Esc"], "back, or take the narrowing away"],
  [["/"], "search"],
  [["e"], "change an anomaly’s status"],
  [["p"], "pause what comes live, or go on"],
  [["+", "−"], "zoom the timeline"],
  [["o"], "the overview"],
  [["s"], "the streams"],
  [["?"], "this page"],
];

const severities = [
  [0, "more often than once in a thousand windows"],
  [3, "once in a thousand"],
  [5, "once in a hundred thousand"],
  [8, "once in a hundred millions"],
  [12, "once in a million millions, or less"],
] as const;

export function Help({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="help-title" className="dialog">
      <div className="flex items-center justify-between">
        <h2 id="help-title" className="text-lg font-medium">Keyboard and reading</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}><Icon name="close" /></button>
      </div>
      <dl className="mt-3 grid grid-cols-[7rem_1fr] gap-y-1.5 text-sm">
        {keys.map(([names, does]) => (
          <div key={does} className="contents">
            <dt className="flex gap-1">{names.map((name) => <kbd key={name} className="kbd">{name}</kbd>)}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <h3 className="section-title mt-5">Severity</h3>
      <p className="mt-1 text-sm text-quiet">The score counts decades: −log<sub>10</sub> of how often chance makes a window this odd, given the service’s own past.</p>
      <ul className="mt-2 space-y-1 text-sm">
        {severities.map(([score, means]) => (
          <li key={score} className="grid grid-cols-[7rem_1fr]"><SeverityMark score={score} named /><span>{means}</span></li>
        ))}
      </ul>
    </dialog>
  );
}
