export const entries = () => [{ slug: "biscuits" }, { slug: "tack" }];
export const load = ({ params }) => ({ slug: params.slug });
