import { defineStore } from "pinia";
import { shallowRef } from "vue";
import type { Endpoint, registries as operations } from "../../registry/contract/registries.ts";
import type { Input } from "../../registry/contract/operation.ts";
import type { Answer } from "../../registry/contract/reply.ts";
import { useClient } from "../client.ts";
import { questionOf, secretOf, type EndpointForm, type EndpointKinds } from "../endpoints.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";

/** The other registries that this one copies to and from, for administrators. */
export const useEndpoints = defineStore("endpoints", () => {
  const client = useClient();
  const listing = createListing((query: Input<typeof operations.list>) => client.registries.list(query));
  const kinds = shallowRef<EndpointKinds>();
  /** All of them by name, for choosing one. */
  const choices = shallowRef<Endpoint[]>([]);

  // Which rules use one is part of it.
  useEvents().follow(
    ({ name }) => name === "registry.changed" || name === "policy.changed",
    () => void listing.refresh(),
  );

  async function loadKinds(): Promise<void> {
    kinds.value ??= await client.registries.adapterInfos({});
  }

  async function loadChoices(): Promise<void> {
    choices.value = (await client.registries.list({ page_size: 100, sort: "name" })).items;
  }

  /** Whether certificates are checked where nothing else is said. */
  async function verifies(): Promise<boolean> {
    const { verify_remote_cert } = await client.configurations.get({});
    return verify_remote_cert?.value !== false;
  }

  async function create(form: EndpointForm): Promise<number> {
    const { name, url, type, description, access_key, verify, ca_certificate } = form;
    const { id } = await client.registries.create({
      name: name.trim(),
      url: url.trim(),
      type,
      description: description.trim(),
      credential: { type: "basic", access_key: access_key.trim(), access_secret: form.access_secret },
      insecure: !verify,
      ca_certificate: ca_certificate.trim(),
    });
    await Promise.all([listing.refresh(), loadChoices()]);
    return Number(id);
  }

  async function change(id: number, form: EndpointForm): Promise<void> {
    await client.registries.update({
      id,
      name: form.name.trim(),
      url: form.url.trim(),
      description: form.description.trim(),
      access_key: form.access_key.trim(),
      ...secretOf(form),
      insecure: !form.verify,
      ca_certificate: form.ca_certificate.trim(),
    });
    await listing.refresh();
  }

  function ask(form: EndpointForm): Promise<Answer<(typeof operations.probe)["returns"]>> {
    return client.registries.probe(questionOf(form));
  }

  /** Asks one as it is stored. */
  async function askAgain({ id }: Endpoint): Promise<Answer<(typeof operations.probe)["returns"]>> {
    const told = await client.registries.probe({ id });
    await listing.refresh();
    return told;
  }

  async function remove({ id }: Endpoint): Promise<void> {
    await client.registries.remove({ id });
    await listing.refresh();
  }

  return {
    ...listing,
    kinds,
    choices,
    loadKinds,
    loadChoices,
    verifies,
    create,
    change,
    ask,
    askAgain,
    remove,
    read: (id: number) => client.registries.get({ id }),
  };
});
