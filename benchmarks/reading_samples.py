"""Real documents to read, of other projects; they are fetched by name and never kept in the repository."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A document in a package, and who else reads it."""

    file_name: str
    """What it is called here."""
    peer: str
    """A name of reading_peers.PEERS."""
    package: str
    """`deb:name`, `pypi:name==version`, `wheel:name==version`, `npm:name@version`."""
    member: str
    """Its path in the unpacked package (a pattern; the first that fits); with .gz at its end it is unpacked."""
    sha256: str
    """Of the document, unpacked."""


# fmt: off
PDFS = (
    Sample("maint-guide.en.pdf", "pdftotext", "deb:maint-guide",
           "usr/share/doc/maint-guide/maint-guide.en.pdf",
           "0b94abf28167fb3fe59db3d03f99b5faa50d9f6f696a7864825c5d0378ba27ef"),
    Sample("maint-guide.de.pdf", "pdftotext", "deb:maint-guide-de",
           "usr/share/doc/maint-guide-de/maint-guide.de.pdf",
           "903620d9dc724da835b99a8314e516596b38299a929f19f13c2096b2f0e01082"),
    Sample("maint-guide.ja.pdf", "pdftotext", "deb:maint-guide-ja",
           "usr/share/doc/maint-guide-ja/maint-guide.ja.pdf",
           "3486f8f3fd23156bde05c3535cd88a76bbb34c9373cca40f677a805a64c4d96d"),
    Sample("maint-guide.ru.pdf", "pdftotext", "deb:maint-guide-ru",
           "usr/share/doc/maint-guide-ru/maint-guide.ru.pdf",
           "5e15ad39186549e49ee6dd1ce09873f0c90fc36e865410272b3f02ae358629ad"),
    Sample("debian-reference.zh-cn.pdf", "pdftotext", "deb:debian-reference-zh-cn",
           "usr/share/debian-reference/debian-reference.zh-cn.pdf",
           "93697b9d4a024eaf5adb2def25a646740fad405cb245032a6414222ae0e71bb1"),
    Sample("developers-reference.fr.pdf", "pdftotext", "deb:developers-reference-fr",
           "usr/share/developers-reference/fr/developers-reference.pdf",
           "f385de2f7d6b31027d085ad6187f8101d00f14c581fff06fd7aff40078dd5646"),
    Sample("fhs.pdf", "pdftotext", "deb:debian-policy",
           "usr/share/doc/debian-policy/fhs/fhs-3.0.pdf.gz",
           "53d239e569a2d7b31a74fa09d585368c0f5a164e4624723fa2894660dd10fd23"),
    Sample("policy.pdf", "pdftotext", "deb:debian-policy",
           "usr/share/doc/debian-policy/policy.pdf.gz",
           "220f9366d6deb3984e84236f02f04bdd6275d6fe7b5587acd6c689dfeb99020f"),
    Sample("refcard.en.pdf", "pdftotext", "deb:debian-refcard",
           "usr/share/doc/debian-refcard/refcard-en-a4.pdf.gz",
           "e876ef5e889cc82835b96a1b32df6a295e41534a1adae69def6d4ad981e38f61"),
    Sample("refcard.ko.pdf", "pdftotext", "deb:debian-refcard",
           "usr/share/doc/debian-refcard/refcard-ko-a4.pdf.gz",
           "1f5831ed34a001da67bc9e90b9b572c5da3029ad3a39fbd859f31b90980e483b"),
    Sample("refcard.el.pdf", "pdftotext", "deb:debian-refcard",
           "usr/share/doc/debian-refcard/refcard-el-a4.pdf.gz",
           "1002aa0253ab7b5877b1d63e9d8d6667d3299ac574dfdbd822e16f21a2d85d7d"),
    Sample("amiri.ar.pdf", "pdftotext", "deb:fonts-hosny-amiri",
           "usr/share/doc/fonts-hosny-amiri/Documentation-Arabic.pdf.gz",
           "3eee46bd24898e9316cb47fb239e316f42bf7b9fde4b48113a261a32593ce8bd"),
    Sample("gnuplot.pdf", "pdftotext", "deb:gnuplot-doc",
           "usr/share/doc/gnuplot/gnuplot.pdf",
           "df68dd0613f043141512fc4436d17aaf96727d5a758d85233915ac5056a97206"),
    Sample("docbook.pdf", "pdftotext", "deb:docbook5-xml",
           "usr/share/doc/docbook5-xml/docs/docbook-5.0-spec-cd-01.pdf.gz",
           "a3555f07b06b0ee33a35f069ae7c16950e318d8b902da4bdc30af997de6fa4bb"),
    Sample("licence.pdf", "pdftotext", "deb:juce-modules-source-data",
           "usr/share/juce/modules/juce_audio_processors/format_types/VST3_SDK/VST3_License_Agreement.pdf",
           "7a9b5bf405379f03fdd7e95b14d670e8471f45a253f54db1efcd5457f30c7e91"),
    Sample("slides.pdf", "pdftotext", "deb:libsystemc-doc",
           "usr/share/doc/libsystemc/examples/sysc/simple_bus/SLIDES.pdf",
           "a45a69828b9d88b99c2bda8f06ecfc466ba2af98b9f52695cab78a235c2cac79"),
    Sample("xforms.pdf", "pdftotext", "deb:libforms-doc",
           "usr/share/doc/libforms-doc/xforms.pdf.gz",
           "29401636b8e52fc986b8f77fb234f008f8b2d79e72f36fad6719e6bb5a504f06"),
    Sample("libtasn1.pdf", "pdftotext", "deb:libtasn1-doc",
           "usr/share/doc/libtasn1-doc/libtasn1.pdf",
           "3917eb460d87e275f9792b3597029873fd77890ed3ccebe40bbc5a3a7ee516d3"),
    Sample("mime.pdf", "pdftotext", "deb:shared-mime-info",
           "usr/share/doc/shared-mime-info/shared-mime-info-spec.pdf",
           "4d9666c46b4d367a12e2922f4f3b114396c377106c57bbc934d03320e6888002"),
    Sample("mortality.pdf", "pdftotext", "deb:r-cran-dslabs",
           "usr/lib/R/site-library/dslabs/extdata/RD-Mortality-Report_2015-18-180531.pdf",
           "dd0bc23029cdd67019822733406ef05619756d52917106c84e530aa1450529a8"),
    Sample("genetics.pdf", "pdftotext", "deb:r-cran-genetics",
           "usr/lib/R/site-library/genetics/doc/genetics_article.pdf",
           "3f44839b34964989428049926a60daa26a2d73e91798ff735833f9eb62df5014"),
    Sample("powerlaw.pdf", "pdftotext", "deb:r-cran-powerlaw",
           "usr/lib/R/site-library/poweRlaw/doc/d_jss_paper.pdf",
           "9486d99c1c1f2d1b06f0b6c5d27c54d4f6e39d69a91d7fad845f323b0ab88de9"),
    Sample("report.pdf", "pdftotext", "deb:metastudent",
           "usr/lib/python3/dist-packages/metastudentPkg/lib/groupC/Report.pdf",
           "081e300b4d12ca17330b24d4b7bd5b778c076c9759148555d9cab24eabe88f27"),
    Sample("tutorial.fr.pdf", "pdftotext", "deb:packaging-tutorial",
           "usr/share/doc/packaging-tutorial/packaging-tutorial.fr.pdf",
           "9cb48e9cf55785b8a7d4bec2c90a59b55b97a9f4e5d5726f8ee1e5c9fabe1d6c"),
    Sample("live-manual.pdf", "pdftotext", "deb:live-manual-pdf",
           "usr/share/doc/live-manual/pdf/live-manual.portrait.en.letter.pdf.gz",
           "ada5ca4718d638620bacf11c500d1b6af2d5099b3aa9644c573df5cebea69974"),
    Sample("slime.pdf", "pdftotext", "deb:slime",
           "usr/share/doc/slime/slime-refcard.pdf",
           "b049eb789ab17a674a13c91a6ec1ff111414d6e1b5e492068afddeca47536664"),
    Sample("lifelines.pdf", "pdftotext", "deb:lifelines-doc",
           "usr/share/doc/lifelines-doc/ll-userguide.pdf.gz",
           "e9e2a94a06a9e91c0a937240f89483449da305fb67a4c22bc7e891dd9fc9ee6f"),
    Sample("statement.pdf", "pdftotext", "deb:beancount",
           "usr/share/doc/beancount/examples/ingest/Downloads/Statement.pdf",
           "1f6ba8ee1a06740d404abbd80a225535a5b119b275f9772a02acb113fd132057"),
    Sample("edu.ja.pdf", "pdftotext", "deb:debian-edu-doc-ja",
           "usr/share/doc/debian-edu-doc-ja/debian-edu-bookworm-manual.pdf",
           "44eea9c5fa1769437e708b8d2348ae8ba895abbc485e9cd0e61fbce20d204499"),
)
OFFICE = (
    Sample("officer.docx", "docx", "deb:r-cran-officer",
           "usr/lib/R/site-library/officer/doc_examples/example.docx",
           "cf22eda5ca1cd378df4ef506d9e0ecd31b407a21077c6a10ae3f20d12db324ab"),
    Sample("lib3mf.docx", "docx", "deb:lib3mf-doc",
           "usr/share/doc/lib3mf-dev/Lib3MF-1.docx.gz",
           "faf2589ce541207d8110276074c9be3d0a4842902ab5f4fde0383bb5f48f8cf3"),
    Sample("mingzat.docx", "docx", "deb:fonts-sil-mingzat",
           "usr/share/doc/fonts-sil-mingzat/documentation/Mingzat-typesample.docx.gz",
           "77b3cd1a9b6f4af9c353ba503a7a3c2af796b38e9382b7f98a1d2d9bd655176e"),
    Sample("officer.pptx", "pptx", "deb:r-cran-officer",
           "usr/lib/R/site-library/officer/doc_examples/example.pptx",
           "9113453408f2556ac191c581cdf1d302f354f01955241d8a9b9eedcc1e63bb5f"),
    Sample("structures.odt", "odt2txt", "deb:coco-doc",
           "usr/share/doc/coco-doc/DataStructures.odt",
           "8fe6d68969a37f0e227a13c23e7c79f5761cde918eda5d116b178ef1dc07be2a"),
    Sample("manual.odt", "odt2txt", "deb:coco-doc",
           "usr/share/doc/coco-doc/UserManual.odt",
           "b90e99687060b1a57ea14cdf47aa98a386695c59f040bff06fe670351448ddf9"),
    Sample("davical.odt", "odt2txt", "deb:davical-doc",
           "usr/share/doc/davical/davical_en_user_guide.odt",
           "f65439e4f39321210a9ae2a6271b106b8c32993da4bf8b4ba17ea5741ac331e1"),
)
TEXTS = (
    Sample("cxref.rtf", "unrtf", "deb:cxref-doc",
           "usr/share/doc/cxref/examples/html.c.rtf",
           "55f1fc41189f78679f05b465a6ea8b569723fdbb61430c5cc07cda4b1e9e2d84"),
    Sample("licence.rtf", "unrtf", "deb:syncplay",
           "usr/lib/python3/dist-packages/syncplay/resources/license.rtf",
           "134a401aaf243779271297676348a4c691c93d8a406c4620e29a95b967a606a1"),
    Sample("aft.rtf", "unrtf", "deb:aft",
           "usr/share/doc/aft/aft2rtf-doc.rtf",
           "4942b76d57e606af55360de1b16a07e2646bd1ff0f56d4488a04630598d40491"),
    Sample("history.de.epub", "epub", "deb:debian-history",
           "usr/share/doc/debian-history/docs/project-history.de.epub",
           "60f571694a0dfaf8eb3fb90d2f98b6ab5af6145aeeb0126054409dc031ec6570"),
    Sample("history.ja.epub", "epub", "deb:debian-history",
           "usr/share/doc/debian-history/docs/project-history.ja.epub",
           "149884e84d6fc2f578b4645dfb953bef7c5d40049a750edca538a6546c1d5736"),
    Sample("developers-reference.epub", "epub", "deb:developers-reference",
           "usr/share/developers-reference/developers-reference.epub",
           "415d6a1e351e5f72f85bc9428908a55a47b05a15422bbe962a9a963d04467d41"),
)
# fmt: on

SAMPLES = (*PDFS, *OFFICE, *TEXTS)
