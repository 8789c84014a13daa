// For tools that read TypeScript only; the type checker reads the components themselves.
declare module "*.vue" {
  import type { DefineComponent } from "vue";

  const component: DefineComponent;
  export default component;
}
