"""Given names and surnames that are frequent in English-language records; lower case, written for guard."""

from __future__ import annotations

_GIVEN_TEXT = """
james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan joseph jessica
thomas sarah charles karen christopher lisa daniel nancy matthew betty anthony margaret mark sandra donald ashley
steven kimberly paul emily andrew donna joshua michelle kenneth carol kevin amanda brian dorothy george melissa
timothy deborah ronald stephanie edward rebecca jason sharon jeffrey laura ryan cynthia jacob kathleen gary amy
nicholas angela eric shirley jonathan anna stephen brenda larry pamela justin emma scott nicole brandon helen
benjamin samantha samuel katherine gregory christine alexander debra patrick rachel frank carolyn raymond janet jack
maria dennis catherine jerry heather tyler diane aaron olivia jose julie adam joyce nathan victoria henry ruth
zachary virginia douglas lauren peter kelly kyle christina noah joan ethan evelyn jeremy judith walter andrea
christian hannah keith megan roger cheryl terry jacqueline austin martha sean madison gerald teresa carl gloria
harold sara dylan janice arthur ann lawrence kathryn jordan abigail jesse sophia bryan frances billy jean bruce
alice gabriel judy joe isabella logan julia alan grace juan amber albert denise willie danielle elijah marilyn wayne
beverly randy charlotte vincent natalie mason theresa roy diana ralph brittany bobby doris russell kayla bradley
alexis philip lori eugene marie luke chloe oliver liam lucas mia ava harper ella leo max oscar felix hugo anton ivan
igor olga elena irina sergei dmitri natasha pierre jacques marie claire sophie hans klaus jurgen heike ingrid lars
sven erik bjorn carlos miguel luis jorge pedro antonio francisco manuel rosa carmen lucia marco giovanni paolo
giulia francesca mohammed muhammad ahmed ali fatima omar hassan hussein ibrahim yusuf aisha priya raj anil sunil
deepak ravi sanjay amit pooja neha kim min jin hiroshi kenji yuki takashi akira sakura chen wei ming hong mei ling
katy brad bob tom tim jim mike steve dave chris matt alex ben sam kate liz sue ken ron don ray ted fred ian neil
craig stuart graham derek trevor nigel simon colin martin stewart fiona gemma kirsty morag lynn betsy peggy wendy
tracy stacy
"""
GIVEN = frozenset(_GIVEN_TEXT.split())
_SURNAMES_TEXT = """
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson
thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young
allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter
roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers
gutierrez ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez
wood james bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers long ross foster jimenez
powell jenkins perry russell sullivan bell coleman butler henderson barnes gonzales fisher vasquez simmons romero
jordan patterson alexander hamilton graham reynolds griffin wallace moreno west cole hayes bryant herrera gibson
ellis tran medina aguilar stevens murray ford castro marshall owens harrison fernandez mcdonald woods washington
kennedy wells vargas henry chen freeman webb tucker guzman burns crawford olson simpson porter hunter gordon mendez
silva shaw snyder mason dixon munoz hunt hicks holmes palmer wagner black robertson boyd rose stone salazar fox
warren mills meyer rice schmidt garza daniels ferguson nichols stephens soto weaver ryan gardner payne grant dunn
kelley spencer hawkins arnold pierce hansen peters santos hart bradley knight elliott cunningham duncan armstrong
hudson carroll lane riley andrews alvarado ray delgado berry perkins hoffman johnston matthews pena richards
contreras willis carpenter lawrence sandoval guerrero george chapman rios estrada ortega watkins greene nunez
wheeler valdez harper burke larson santiago maldonado morrison franklin carlson austin dominguez carr lawson jacobs
obrien lynch singh vega bishop montgomery oliver jensen harvey williamson gilbert dean sims espinoza howell li wong
zhang wang liu yang huang zhao wu zhou muller schneider fischer weber becker schulz ivanov petrov rossi russo
ferrari dubois dupont durand andersson johansson nilsson larsen olsen berg compton macdonald khan ahmed hussain ali
sharma kumar gupta yamamoto tanaka suzuki sato watanabe park choi
"""
SURNAMES = frozenset(_SURNAMES_TEXT.split())
