/** The part of Swagger UI that the documentation page uses; the package brings no types. */
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  interface Options {
    domNode: HTMLElement;
    url: string;
    validatorUrl: null;
    deepLinking: boolean;
  }
  export default function SwaggerUI(options: Options): void;
}
