import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from "electron";

/** Letters. What is larger would hold up the process that serves docker; it is refused here, before it gets there. */
const longest = { name: 100, input: 1024 * 1024 };

/** All that the page may reach: two verbs, no channel names, nothing of Electron. */
contextBridge.exposeInMainWorld("berth", {
  /** `file` is one that the person dropped: the page holds it, and never learns where it is. */
  call(name: unknown, input: unknown, file?: unknown): Promise<unknown> {
    const text = textOf(input);
    if (typeof name !== "string" || name.length > longest.name) return refuse("an operation has a name");
    if (text === undefined) return refuse("the input is not plain data");
    if (text.length > longest.input) return refuse("the input is larger than 1 MiB");
    if (file === undefined) return ipcRenderer.invoke("call", name, text);
    const path = pathOf(file);
    return path === ""
      ? refuse("that is no file of this computer")
      : ipcRenderer.invoke("call", name, text, path);
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

/** Empty for what did not come from the file manager. */
function pathOf(file: unknown): string {
  try {
    // Before version 29 there was no such function, and the file told its path itself.
    const utils = webUtils as typeof webUtils | undefined;
    if (utils !== undefined) return utils.getPathForFile(file as File);
    const { path } = file as { path?: unknown };
    return file instanceof File && typeof path === "string" ? path : "";
  } catch {
    return "";
  }
}

function refuse(message: string): Promise<unknown> {
  return Promise.resolve({ error: { code: "BAD_REQUEST", message } });
}
