/** What a page that has been taken over would try. Each runs inside the page, so each is whole in itself. */

/** Returns what got through. */
export async function tryToBreakPolicy(): Promise<string[]> {
  const through: string[] = [];
  const noted = window as unknown as { ran?: string };

  const inline = document.createElement("script");
  try {
    inline.textContent = "window.ran = 'inline script'";
    document.body.append(inline);
  } catch {
    // Trusted Types refuse the text itself.
  }
  const handler = document.createElement("button");
  try {
    handler.setAttribute("onclick", "window.ran = 'inline handler'");
    handler.click();
  } catch {
    // refused
  }
  try {
    Reflect.apply(setTimeout, window, ["window.ran = 'text as code'", 0]);
  } catch {
    // refused
  }
  // Later, for the debugger's own evaluation may use eval whatever the policy says.
  await new Promise<void>((done) =>
    setTimeout(() => {
      try {
        through.push(`eval ${String((0, eval)("1 + 1"))}`);
      } catch {
        // refused
      }
      done();
    }),
  );

  const loads = [
    Object.assign(document.createElement("img"), { src: "https://example.test/x.png" }),
    Object.assign(document.createElement("link"), { rel: "stylesheet", href: "https://example.test/x.css" }),
    Object.assign(document.createElement("iframe"), { src: "https://example.test/" }),
  ];
  const refused = new Set<string>();
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
    refused.add(effectiveDirective),
  );
  const outcome = loads.map(
    (element) =>
      new Promise<void>((done) => {
        element.addEventListener("load", () => {
          if (element.tagName !== "IFRAME") through.push(element.tagName);
          done();
        });
        element.addEventListener("error", () => done());
        setTimeout(done, 500);
      }),
  );
  for (const element of loads) document.head.append(element);
  const sent = await fetch("https://example.test/").catch(() => undefined);
  if (sent !== undefined) through.push("fetch");
  const form = Object.assign(document.createElement("form"), {
    action: "https://example.test/",
    method: "post",
  });
  document.body.append(form);
  form.submit();
  await Promise.all([...outcome, new Promise((done) => setTimeout(done, 300))]);
  if (document.baseURI.startsWith("https:")) through.push("base");
  for (const element of [...loads, inline, form]) element.remove();

  for (const directive of ["img-src", "frame-src", "connect-src", "form-action"]) {
    if (!refused.has(directive)) through.push(`nothing refused by ${directive}`);
  }
  if (noted.ran !== undefined) through.push(noted.ran);
  return through;
}

/** Asks for each thing that Chromium would ask its person for. */
export async function askForEverything(): Promise<Record<string, string>> {
  const outcome = (asked: Promise<unknown> | undefined): Promise<string> => {
    const late = new Promise((_, fail) => setTimeout(() => fail(new Error("late")), 3_000));
    return Promise.race([asked ?? Promise.reject(new Error("absent")), late]).then(
      () => "granted",
      () => "refused",
    );
  };
  const device = (name: string, method: string): Promise<unknown> | undefined => {
    const api = Reflect.get(navigator, name) as
      Record<string, (filters: object) => Promise<unknown>> | undefined;
    return api?.[method]?.({ filters: [] }).then((found) => {
      if (Array.isArray(found) && found.length === 0) throw new Error("none");
    });
  };
  const position = new Promise((done, fail) => navigator.geolocation.getCurrentPosition(done, fail));
  const told = Notification.requestPermission().then((answer) => {
    if (answer !== "granted") throw new Error(answer);
  });
  return {
    geolocation: await outcome(position),
    camera: await outcome(navigator.mediaDevices.getUserMedia({ video: true, audio: true })),
    screen: await outcome(navigator.mediaDevices.getDisplayMedia({ video: true })),
    notifications: await outcome(told),
    midi: await outcome(navigator.requestMIDIAccess({ sysex: true })),
    clipboard: await outcome(navigator.clipboard.readText()),
    usb: await outcome(device("usb", "requestDevice")),
    serial: await outcome(device("serial", "requestPort")),
    hid: await outcome(device("hid", "requestDevice")),
    copying: await outcome(navigator.clipboard.writeText("docker pull")),
  };
}

/** Ten thousand calls with names and inputs of every wrong kind; returns the codes that were answered, once each. */
export async function callSenselessly(): Promise<string[]> {
  interface Answer {
    value?: unknown;
    error?: { code: string };
  }
  const { call } = (window as unknown as { berth: { call(name: unknown, input: unknown): Promise<Answer> } })
    .berth;
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const deep = JSON.parse(`${'{"a":'.repeat(500)}1${"}".repeat(500)}`) as unknown;
  const polluted = JSON.parse('{"__proto__": {"admin": true}}') as unknown;
  const names = [
    "",
    "a",
    "projects",
    "projects.",
    ".list",
    "__proto__.toString",
    "constructor.name",
    "x".repeat(5000),
    7,
    null,
    {},
    [],
  ];
  const inputs = [
    cycle,
    deep,
    polluted,
    new Map(),
    new Date(),
    new Uint8Array(9),
    1n,
    Number.NaN,
    "text",
    [1],
    null,
    "x".repeat(2 ** 21),
  ];

  const codes = new Set<string>();
  const ask = async (name: unknown, input: unknown): Promise<void> => {
    try {
      const { error } = await call(name, input);
      codes.add(error?.code ?? "answered");
    } catch (error) {
      // What cannot be copied at all does not leave the page.
      if (!/could not be cloned|recursion depth/.test(String(error))) codes.add(String(error));
    }
  };
  for (let number = 0; number < 10_000; number += 100) {
    const batch = Array.from({ length: 100 }, (_, index) => {
      const all = number + index;
      // The large ones now and then, or the test measures how fast strings are copied.
      const input = inputs[all % (all % 50 === 0 ? inputs.length : inputs.length - 1)];
      return ask(names[all % names.length], input);
    });
    await Promise.all(batch);
  }
  await ask("projects.list", "x".repeat(100 * 2 ** 20));
  return [...codes].sort();
}
