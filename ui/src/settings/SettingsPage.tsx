export function SettingsPage() {
  return <h1 className="text-xl">Settings</h1>;
}
