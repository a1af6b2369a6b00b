import { useQuery } from "@tanstack/react-query";
import { anomalyQuery } from "../api/queries";
import { Failure, Loading } from "../notice/notice";

export function AnomalyPage({ id }: { id: string }) {
  const anomaly = useQuery(anomalyQuery(id));
  if (anomaly.isPending) return <Loading what="the anomaly" className="h-96" />;
  if (anomaly.isError) return <Failure what="this anomaly" error={anomaly.error} retry={() => void anomaly.refetch()} />;
  return <h1 className="text-xl">{anomaly.data.glass_box_explanation.split("\n")[0]}</h1>;
}
