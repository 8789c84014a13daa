import { contextBridge, ipcRenderer, type IpcRendererEvent } from "electron";

/** Letters. What is larger would hold up the process that serves docker; it is refused here, before it gets there. */
const longest = { name: 100, input: 1024 * 1024 };

/** All that the page may reach: two verbs, no channel names, nothing of Electron. */
contextBridge.exposeInMainWorld("berth", {
  call(name: unknown, input: unknown): Promise<unknown> {
    const text = textOf(input);
    if (typeof name !== "string" || name.length > longest.name) return refuse("an operation has a name");
    if (text === undefined) return refuse("the input is not plain data");
    if (text.length > longest.input) return refuse("the input is larger than 1 MiB");
    return ipcRenderer.invoke("call", name, text);
  },

  /** Hears of what happened; answers how to stop hearing. */
  on(listener: (event: unknown) => void): () => void {
    const hear = (_: IpcRendererEvent, event: unknown): void => listener(event);
    ipcRenderer.on("event", hear);
    return () => {
      ipcRenderer.off("event", hear);
    };
  },
});

function textOf(input: unknown): string | undefined {
  try {
    return JSON.stringify(input ?? {});
  } catch {
    return undefined;
  }
}

function refuse(message: string): Promise<unknown> {
  return Promise.resolve({ error: { code: "BAD_REQUEST", message } });
}
