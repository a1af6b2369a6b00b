export function StreamsPage() {
  return <h1 className="text-xl">Streams</h1>;
}
