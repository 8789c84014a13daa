import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./App.vue";
import { connectionKey, createClient } from "./client.ts";
import { createTexts } from "./locales/locales.ts";
import { createPages } from "./router.ts";
import { useDesktop } from "./stores/desktop.ts";
import { usePreferences } from "./stores/preferences.ts";
import { useSession } from "./stores/session.ts";
import "./styles/tokens.css";
import "./styles/kit.css";
import "./styles/base.css";
import { createHttpTransport } from "./transports/http.ts";
import { createIpcTransport } from "./transports/ipc.ts";

const transport = window.berth ? createIpcTransport(window.berth) : createHttpTransport();
const app = createApp(App);
const client = createClient(transport, (name) => void useSession().doubt(name));
app.provide(connectionKey, { client, transport });
app.use(createPinia());
app.use(createTexts(usePreferences().language));

// Who is here decides what the first page is; a registry that does not answer is told about on the page itself.
await Promise.allSettled([useDesktop().load(), useSession().load()]);
app.use(createPages());
app.mount("#app");
