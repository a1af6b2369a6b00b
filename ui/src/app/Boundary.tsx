import { Component } from "react";
import type { ReactNode } from "react";
import { Failure } from "../notice/notice";

/** Keeps a fault of one page from taking the frame with it. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: undefined as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <Failure what="this page" error={this.state.error} retry={() => this.setState({ error: undefined })} />;
  }
}
