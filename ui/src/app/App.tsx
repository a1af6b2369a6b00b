import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { aboutQuery } from "../api/about";
import { createQueryClient } from "../api/queries";
import { refused } from "../api/session";
import { useLiveFeed } from "../live/live";
import { Failure, Loading } from "../notice/notice";
import { Frame } from "./Frame";
import { Login } from "./Login";
import { Page } from "./Page";
import { useStore } from "./store";

export function App() {
  const [client] = useState(createQueryClient);
  return (
    <QueryClientProvider client={client}>
      <Gate />
    </QueryClientProvider>
  );
}

/** Asks who we are before anything else; where the API wants to know it from us, the login takes the page's place. */
function Gate() {
  const about = useQuery(aboutQuery());
  const mustLogin = useStore(refused);
  if (mustLogin) return <Login />;
  if (about.isSuccess) return <Signed />;
  return (
    <Frame>
      {about.isError ? <Failure what="the dashboard" error={about.error} retry={() => void about.refetch()} /> : <Loading what="the dashboard" className="h-96" />}
    </Frame>
  );
}

function Signed() {
  useLiveFeed();
  return <Frame><Page /></Frame>;
}
