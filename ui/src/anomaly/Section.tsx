import { useId } from "react";
import type { ReactNode } from "react";

interface Props {
  title: string;
  /** One line under the title: what one sees here and how to read it. */
  about?: ReactNode;
  children: ReactNode;
  name?: string;
}

/** A part of the page under its title. */
export function Section({ title, about, children, name }: Props) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="min-w-0" data-testid={name}>
      <h2 id={id} className="text-lg leading-7 font-medium tracking-tight">{title}</h2>
      {about !== undefined && <p className="mb-3 max-w-prose text-sm text-quiet">{about}</p>}
      {children}
    </section>
  );
}
