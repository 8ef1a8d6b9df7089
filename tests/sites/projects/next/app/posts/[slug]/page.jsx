export const generateStaticParams = () => [{ slug: "biscuits" }, { slug: "tack" }];

export default async function Post({ params }) {
  const { slug } = await params;
  return <h1>A post on {slug}</h1>;
}
