/** What charts write in; a canvas does not take it from the style sheet. */
export const chartFont = '12px "Instrument Sans", system-ui, sans-serif';

/** Draws again when the typeface has come, where it is not there yet. Returns what calls that off. */
export function whenTypeface(draw: () => void): () => void {
  if (document.fonts.check(chartFont)) return () => undefined;
  let wanted = true;
  document.fonts.load(chartFont).then(() => {
    if (wanted) draw();
  }, () => undefined);
  return () => {
    wanted = false;
  };
}
