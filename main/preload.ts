import { contextBridge, ipcRenderer, type IpcRendererEvent } from "electron";

/** All that the page may reach: two verbs, no channel names, nothing of Electron. */
contextBridge.exposeInMainWorld("berth", {
  call: (name: unknown, input: unknown): Promise<unknown> => ipcRenderer.invoke("call", name, input),

  /** Hears of what happened; answers how to stop hearing. */
  on(listener: (event: unknown) => void): () => void {
    const hear = (_: IpcRendererEvent, event: unknown): void => listener(event);
    ipcRenderer.on("event", hear);
    return () => {
      ipcRenderer.off("event", hear);
    };
  },
});
