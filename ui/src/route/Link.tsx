import type { ComponentPropsWithRef, MouseEvent } from "react";
import { navigate } from "./location";

type Props = Omit<ComponentPropsWithRef<"a">, "href"> & { to: string };

/** A link within the application; with a modifier key or another button it is the browser's. */
export function Link({ to, onClick, children, ...rest }: Props) {
  const go = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={go} {...rest}>{children}</a>;
}
